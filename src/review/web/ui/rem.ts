/** Pixels of one rem on screens of the usual size: see styles/base.css. */
export const usualRem = 14;

/** Pixels of one rem on this screen. */
export const rem = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
