import type * as t from './types.js';
export type * from './types.js';
export declare function createCvatClient(
  connection: t.CvatConnection,
  tuning?: Partial<t.CvatClientTuning>,
): t.CvatClient;
export declare function ensureProject(
  client: t.CvatClient,
  request: { projectId?: number; name: string; labels: string[] },
  signal?: AbortSignal,
): Promise<t.ProjectInfo>;
export declare function mapLabels(project: t.ProjectInfo, labels: readonly string[]): Map<string, number>;
export declare function checkServer(client: t.CvatClient, signal?: AbortSignal): Promise<t.ServerInfo>;
export declare function uploadTask(client: t.CvatClient, request: t.UploadTaskRequest): Promise<t.UploadedTask>;
export declare function findTask(
  client: t.CvatClient,
  name: string,
  projectId: number,
  signal?: AbortSignal,
): Promise<{ taskId: number; url: string } | undefined>;
export declare function taskUrl(host: string, taskId: number): string;
export declare function putPreLabels(
  client: t.CvatClient,
  taskId: number,
  request: t.PreLabelRequest,
  signal?: AbortSignal,
): Promise<t.PreLabelResult>;
export declare function readTaskProgress(
  client: t.CvatClient,
  taskId: number,
  rule: t.CompletionRule,
  signal?: AbortSignal,
): Promise<t.TaskProgress>;
export declare function downloadAnnotations(
  client: t.CvatClient,
  taskId: number,
  signal?: AbortSignal,
): Promise<t.DownloadedAnnotations>;
export declare function exportLabels(
  client: t.CvatClient,
  taskId: number,
  request: { format: string; toFile: string },
  signal?: AbortSignal,
): Promise<{ format: string; file: string }>;
