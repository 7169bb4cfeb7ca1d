import { sha256 } from '../../common/files.js';
import type { Detection } from '../../common/types.js';
import type { PlannedPreLabels } from '../types.js';

export interface PreLabelPolicy {
  /** By class: boxes with a lower confidence are not shown. */
  thresholds: Readonly<Record<string, number>>;
  /** Share of the frames that are shown without boxes, 0..1, beside those that are marked as blind already. */
  blindShare: number;
}

/**
 * Which boxes of the model people see. Which frames are blind depends on nothing but the frameIds, so that a second call
 * decides the same.
 */
export function planPreLabels(
  frames: readonly { frameId: string; detections: readonly Detection[]; blind?: boolean }[],
  { thresholds, blindShare }: PreLabelPolicy,
): PlannedPreLabels[] {
  const shuffled = frames.map(({ frameId }) => frameId).sort((a, b) => (sha256(a) < sha256(b) ? -1 : 1));
  const blind = new Set(shuffled.slice(0, Math.round(blindShare * frames.length)));
  const threshold = (label: string) => (Object.hasOwn(thresholds, label) ? thresholds[label]! : 0);
  return frames.map(({ frameId, detections, blind: marked = false }) => ({
    frameId,
    blind: marked || blind.has(frameId),
    detections: detections.filter(({ label, confidence }) => confidence >= threshold(label)),
  }));
}
