/** A rectangle in pixels of the frame; (x1, y1) is the top left corner. */
export interface Rect {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** A box on a frame. `key` names it in this tab for as long as the tab lives, whatever number the server gives it. */
export interface Box extends Rect {
  key: string;
  labelId: number;
  /** `auto`: the model's, nobody has looked at it; `semi-auto`: the model's, and a person agreed or corrected it. */
  source: string;
  /** Confidence of the model, 0..1. */
  score: number;
  /** What else the server keeps of it; sent back as it came. */
  rest: Record<string, unknown>;
}

/** A box as the server has it. */
export interface SavedBox {
  id: number;
  box: Box;
}

/** Whether nobody has looked at this box of the model yet. */
export const isUnconfirmed = ({ source }: { source?: string }): boolean => source === 'auto';

export function sameRect(a: Rect, b: Rect): boolean {
  return a.x1 === b.x1 && a.y1 === b.y1 && a.x2 === b.x2 && a.y2 === b.y2;
}

/** Whether two boxes say the same, whatever their keys. */
export function sameBox(a: Box, b: Box): boolean {
  return sameRect(a, b) && a.labelId === b.labelId && a.source === b.source && a.score === b.score;
}

/** The same box after a person changed it: it is not the model's alone any more. */
export function corrected(box: Box, change: Partial<Rect & { labelId: number }> = {}): Box {
  return { ...box, ...change, source: isUnconfirmed(box) ? 'semi-auto' : box.source };
}
