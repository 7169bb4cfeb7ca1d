#!/bin/sh
# Waits for the Temporal server (TEMPORAL_ADDRESS) and creates the namespace TEMPORAL_NAMESPACE where it is missing.
set -eu

attempts=30
until temporal operator cluster health; do
  attempts=$((attempts - 1))
  if [ "$attempts" -eq 0 ]; then
    echo "The Temporal server at $TEMPORAL_ADDRESS did not become healthy." >&2
    exit 1
  fi
  sleep 2
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  echo "Namespace $TEMPORAL_NAMESPACE exists."
else
  # How long the history of a finished round can be looked at.
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
fi

# What rounds are found by in the UI. A worker makes them too; here they are there before the first one comes.
set -- FrameloopStage=Keyword FrameloopModel=Keyword FrameloopRound=Keyword FrameloopTask=Int
# The server knows a new namespace everywhere only after some seconds.
attempts=30
until known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"); do
  attempts=$((attempts - 1))
  [ "$attempts" -gt 0 ] || exit 1
  sleep 1
done
for attribute in "$@"; do
  case $known in
    *"${attribute%=*}"*) ;;
    *)
      temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
        --name "${attribute%=*}" --type "${attribute#*=}"
      ;;
  esac
done
