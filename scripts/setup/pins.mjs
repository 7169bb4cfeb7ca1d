/**
 * Reads tools-requirements.txt: one pinned PyPI package per line, with the program it brings in its comment.
 * @throws Error for a line that is not pinned or does not say what it brings
 */
export function parsePins(text) {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /^([A-Za-z0-9._-]+(?:\[[^\]]*\])?==[A-Za-z0-9.]+)\s+# brings ([a-z-]+)/.exec(line);
      if (match === null) throw new Error(`not "package==version  # brings program": ${line}`);
      return { requirement: match[1], tool: match[2] };
    });
}

/**
 * Which packages to install: the pins whose program was not found elsewhere. `nowhere` are programs that were not
 * found and that no pin brings.
 */
export function planTools(tools, found, pins) {
  const wanted = tools.filter((tool) => !found.includes(tool));
  return {
    install: pins.filter((pin) => wanted.includes(pin.tool)),
    nowhere: wanted.filter((tool) => !pins.some((pin) => pin.tool === tool)),
  };
}
