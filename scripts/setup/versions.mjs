/** `n9.0.2-17-g2a57` → [9, 0, 2]; undefined for `N-66595-gc2b3`, which counts commits and is no version. */
function numbersOf(version) {
  return /^[nv]?(\d+(?:\.\d+)*)/.exec(version)?.[1].split('.').map(Number);
}

/** Whether dotted version `version` is `minimum` or newer; parts that are missing count as 0. */
export function isAtLeast(version, minimum) {
  const [a, b] = [numbersOf(version) ?? [], numbersOf(minimum) ?? []];
  for (let part = 0; part < Math.max(a.length, b.length); part++) {
    const difference = (a[part] ?? 0) - (b[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * What a program's version output says about it, by its rule in tools.json: the version as stated and whether it is
 * recent enough. Undefined when the output is not that program's.
 */
export function readVersion(rule, output) {
  const version = new RegExp(rule.pattern, 'm').exec(output)?.[1];
  if (version === undefined) return undefined;
  if (numbersOf(version) !== undefined) return { version, recentEnough: isAtLeast(version, rule.minimum) };
  // Builds of FFmpeg from its development branch state no FFmpeg version, but always their libraries'.
  const libavutil = /^libavutil\s+(\d+)\.\s*(\d+)/m.exec(output);
  const recentEnough = libavutil !== null && isAtLeast(`${libavutil[1]}.${libavutil[2]}`, rule.minimumLibavutil);
  return { version, recentEnough };
}
