/** A set-up step that cannot go on: what is wrong, and what the user can do about it. */
export class SetupError extends Error {
  /** `inLog`: whether a program said more about it in the log file. */
  constructor(message, advice, inLog = false) {
    super(message);
    this.advice = advice;
    this.inLog = inLog;
  }
}

const network =
  /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|NameResolutionError|Connection refused|Failed to establish a new connection|Network is unreachable/;
const certificate = /CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF/;

/** Causes that can be read from what any program printed, the most telling first. */
const causes = [
  [/ENOSPC|No space left on device|not enough space on the disk/i, 'the disk is full', 'Free some space'],
  [
    certificate,
    'the TLS certificate of the package registry is not trusted here',
    'Tell Node.js and pip your certificate authority (NODE_EXTRA_CA_CERTS and PIP_CERT)',
  ],
  [
    network,
    'the package registry cannot be reached',
    'Check the network and the proxy settings (HTTPS_PROXY, npm config list, pip config list)',
  ],
  [
    /EACCES|EPERM|EROFS|Permission denied|Read-only file system/,
    'a folder cannot be written to',
    'Mend its permissions',
  ],
];

const ofStep = {
  npm: [
    [
      /EUSAGE|can only install packages when your package\.json and package-lock\.json/,
      'package-lock.json does not fit package.json',
      'Run "npm install --ignore-scripts" and commit package-lock.json',
    ],
  ],
  pip: [
    [
      /No matching distribution found for (\S+)/,
      'PyPI has no package $1 for this machine',
      'Install the program yourself and put it on PATH',
    ],
  ],
  venv: [
    [
      /ensurepip is not available|No module named '?(?:venv|ensurepip)/,
      'this Python lacks its modules venv and ensurepip',
      'Install them (on Debian and Ubuntu: apt install python3-venv)',
    ],
  ],
  build: [[/error TS\d+/, 'the sources have type errors', 'Mend them (npm run typecheck lists them)']],
};

/** Turns the output of a failed program into a {@link SetupError} that says what to do. */
export function diagnose(step, command, outcome, output) {
  for (const [pattern, cause, advice] of [...causes, ...(ofStep[step] ?? [])]) {
    const match = pattern.exec(output);
    // A build does not use the network and prints paths and identifiers of its own: only its own causes count.
    if (match === null || (step === 'build' && (pattern === network || pattern === certificate))) continue;
    return new SetupError(`${cause.replace('$1', match[1] ?? '')}.`, `${advice}, then run this again.`, true);
  }
  return new SetupError(`"${command}" ${outcome}.`, 'Mend what its output names, then run this again.', true);
}

/** The same for an error of the file system that set-up itself met. */
export function diagnoseSystemError(error) {
  for (const [pattern, cause, advice] of causes) {
    if (pattern.test(error.code ?? '')) {
      return new SetupError(
        `${cause} (${error.code}, ${error.path ?? error.syscall}).`,
        `${advice}, then run this again.`,
      );
    }
  }
  return undefined;
}
