/**
 * Colours that people with any kind of colour vision tell apart (Okabe and Ito, "Color Universal Design", 2008); CSS has
 * them lighter or darker by theme.
 */
export const splitSeries = [
  { key: 'train', name: 'train', color: 'var(--blue)' },
  { key: 'val', name: 'val', color: 'var(--orange)' },
  { key: 'test', name: 'test', color: 'var(--purple)' },
] as const;

export const changeSeries = [
  { key: 'kept', name: 'kept', color: 'var(--green)' },
  { key: 'moved', name: 'moved', color: 'var(--sky)' },
  { key: 'relabelled', name: 'relabelled', color: 'var(--purple)' },
  { key: 'deleted', name: 'deleted', color: 'var(--vermilion)' },
  { key: 'added', name: 'added', color: 'var(--orange)' },
] as const;
