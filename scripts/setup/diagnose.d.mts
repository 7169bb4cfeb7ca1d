export class SetupError extends Error {
  readonly advice: string;
  readonly inLog: boolean;
  constructor(message: string, advice: string, inLog?: boolean);
}
export function diagnose(
  step: 'npm' | 'venv' | 'pip' | 'build',
  command: string,
  outcome: string,
  output: string,
): SetupError;
export function diagnoseSystemError(error: NodeJS.ErrnoException): SetupError | undefined;
