-- Failures by function and kind, worst first.
SELECT "function",
  count(*) AS attempts,
  count(*) FILTER (category NOT IN ('ok', 'incomplete')) AS failed,
  count(*) FILTER (category = 'timeout') AS timeout,
  count(*) FILTER (category = 'out_of_memory') AS out_of_memory,
  count(*) FILTER (category = 'init_failure') AS init_failure,
  count(*) FILTER (category = 'runtime_exception') AS runtime_exception,
  count(*) FILTER (category = 'downstream') AS downstream,
  count(*) FILTER (category = 'throttling') AS throttling,
  count(*) FILTER (category = 'service_error') AS service_error,
  count(*) FILTER (category = 'invalid_request') AS invalid_request,
  count(*) FILTER (cold_start) AS cold_starts
FROM lambda_triage_attempts
WHERE kind = 'attempt'
GROUP BY "function"
ORDER BY failed DESC, "function";
