export function withLock<T>(
  file: string,
  onWait: (pid: number | undefined) => void,
  action: (onStart: (child: number) => void) => Promise<T>,
): Promise<T>;
