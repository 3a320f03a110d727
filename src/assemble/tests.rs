//! Tests of the assembler: sequences of records as data.
