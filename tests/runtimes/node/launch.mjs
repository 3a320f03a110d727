// Starts the client as the managed runtime does: with a folder and a handler, and no line of its own.
import { run } from 'aws-lambda-ric';

await run(process.argv[2], process.argv[3]);
