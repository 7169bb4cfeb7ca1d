/** The parts of CVAT's REST API that the page reads and writes. */

export interface Page<Item> {
  count: number;
  next: string | null;
  results: Item[];
}

export type JobState = 'new' | 'in progress' | 'completed' | 'rejected';

export interface Job {
  id: number;
  task_id: number;
  task_name: string;
  state: JobState;
  stage: string;
  start_frame: number;
  /** Inclusive. */
  stop_frame: number;
  frame_count: number;
  updated_date: string;
}

export interface Task {
  id: number;
  name: string;
  size: number;
  updated_date: string;
}

export interface Label {
  id: number;
  name: string;
  color: string;
}

export interface DataMeta {
  frames: { name: string; width: number; height: number }[];
  /** Frames that are left out, by their indexes in the task. */
  deleted_frames: number[];
}

export interface Shape {
  id: number;
  type: string;
  frame: number;
  label_id: number;
  points: number[];
  rotation?: number;
  source?: string;
  score?: number;
}

export interface Annotations {
  shapes: Shape[];
}

/** A shape that is sent: a new one has no id. */
export type NewShape = Omit<Shape, 'id'> & { id?: number };
