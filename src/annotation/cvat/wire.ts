/** The parts of CVAT's REST API that we read and write, 2.16 to 2.80. Fields that we do not use are left out. */

export interface WireAbout {
  version?: string;
}

export interface WireFormat {
  name: string;
  enabled?: boolean;
  dimension?: string;
}

export interface WireFormats {
  importers: WireFormat[];
  exporters: WireFormat[];
}

export interface WireUser {
  id: number;
  username: string;
}

export interface WirePage<T> {
  count: number;
  next?: string | null;
  results: T[];
}

export interface WireProject {
  id: number;
  name: string;
  /** Since about 2.70; before that only `organization`. */
  organization_id?: number | null;
  organization?: number | null;
}

export interface WireLabel {
  id: number;
  name: string;
  /** `any`, `rectangle`, `polygon` …: what people may draw with it. */
  type?: string;
  /** Set on the parts of a skeleton, which are no labels of their own. */
  parent_id?: number | null;
}

export interface WireTask {
  id: number;
  name: string;
  project_id?: number | null;
  /** Absent until the upload starts, 0 until the server has made the frames. */
  size?: number | null;
  /** Changes with every change of the task, its jobs and its annotations. */
  updated_date?: string;
}

export interface WireJob {
  id: number;
  /** `annotation`, `ground_truth`, `replica` (`consensus_replica` before 2.80). */
  type?: string;
  stage: string;
  state: string;
  assignee?: object | null;
  updated_date?: string;
  start_frame: number;
  stop_frame: number;
}

export interface WireDataMeta {
  size: number;
  frames: { name: string; width: number; height: number }[] | null;
  deleted_frames?: number[];
}

export interface WireRequest {
  id: string;
  status: string;
  message?: string | null;
  result_url?: string | null;
  created_date?: string;
}

export interface WireShape {
  type: string;
  /** Index in the task's frames. */
  frame: number;
  label_id: number;
  /** Of a rectangle: x1, y1, x2, y2 in pixels of the frame. */
  points: number[];
  /** Degrees. */
  rotation?: number;
  source?: string;
  score?: number;
}

export interface WireTrackedShape {
  type: string;
  frame: number;
  points: number[];
  rotation?: number;
  /** The object is out of sight from here to the next keyframe. */
  outside: boolean;
}

export interface WireTrack {
  frame: number;
  label_id: number;
  shapes: WireTrackedShape[];
}

export interface WireAnnotations {
  shapes: WireShape[];
  tracks: WireTrack[];
  /** Labels of a whole frame. */
  tags?: { frame: number; label_id: number }[];
}

export interface WireWebhook {
  id: number;
  target_url: string;
  project_id?: number | null;
}

export interface WireDelivery {
  status_code: number | null;
  response?: string;
}
