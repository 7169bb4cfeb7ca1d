/** A frame of a job. */
export interface FrameInfo {
  /** Index in the task. */
  number: number;
  name: string;
  width: number;
  height: number;
}
