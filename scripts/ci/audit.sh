#!/usr/bin/env bash
# Fails for a known vulnerability (high or critical) in what runs in production. A registry that gives no answer is said,
# but is no failure: the change at hand is not at fault.
set -uo pipefail
cd "$(dirname "$0")/../.."
report=$(npm audit --omit=dev --audit-level=high 2>&1)
code=$?
echo "$report" | tail -n 20
if [ $code -ne 0 ] && grep -q 'audit endpoint returned an error\|ENOTFOUND\|ETIMEDOUT\|ECONNREFUSED' <<<"$report"; then
  echo 'The registry answers no questions about vulnerabilities here: not checked.'
  exit 0
fi
exit $code
