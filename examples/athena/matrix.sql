-- Failures by function and kind, worst first.
SELECT "function",
  count(*) AS attempts,
  count_if(category NOT IN ('ok', 'incomplete')) AS failed,
  count_if(category = 'timeout') AS timeout,
  count_if(category = 'out_of_memory') AS out_of_memory,
  count_if(category = 'init_failure') AS init_failure,
  count_if(category = 'runtime_exception') AS runtime_exception,
  count_if(category = 'downstream') AS downstream,
  count_if(category = 'throttling') AS throttling,
  count_if(category = 'service_error') AS service_error,
  count_if(category = 'invalid_request') AS invalid_request,
  count_if(cold_start) AS cold_starts
FROM lambda_triage_attempts
WHERE kind = 'attempt'
GROUP BY "function"
ORDER BY failed DESC, "function";
