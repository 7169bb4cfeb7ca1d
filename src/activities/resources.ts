import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createCvatClient, type CvatClient } from '../annotation/index.js';
import { openCatalog, type Catalog } from '../catalog/index.js';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { cvatEnvironment } from '../config/index.js';
import { createDetector, type Detector, type DetectorOptions } from '../detector/index.js';
import type { HostQueues } from './types.js';

/** What the activities get from the process they run in. */
export interface ActivityDependencies {
  /** The working folder: relative paths of the configuration start here. */
  folder: string;
  env: NodeJS.ProcessEnv;
  /** The configuration file; default: the usual names in `folder`. */
  configFile?: string;
  /** Where the steps of the rounds that are planned here go. */
  queues?: HostQueues;
  /** Whether the namespace knows our search attributes. */
  searchAttributes?: boolean;
  /** Videos of a round to work on at a time, where the configuration leaves that to us. */
  videosAtATime?: number;
}

/** Opens what several activities share (catalogs, detectors) once per process. */
export class Resources {
  private readonly catalogs = new Map<string, Promise<Catalog>>();
  private readonly detectors = new Map<string, Promise<Detector>>();

  constructor(readonly dependencies: ActivityDependencies) {}

  catalog(dataFolder: string): Promise<Catalog> {
    return once(this.catalogs, dataFolder, () => openCatalog(dataFolder));
  }

  detector(options: DetectorOptions): Promise<Detector> {
    return once(this.detectors, JSON.stringify(options), () => createDetector(options));
  }

  /** The annotation server: the CVAT that the environment names, else the embedded one of this data folder. */
  async cvat(dataFolder: string): Promise<CvatClient> {
    return createCvatClient(cvatEnvironment(this.dependencies.env) ?? (await embeddedConnection(dataFolder)));
  }

  async close(): Promise<void> {
    const opened = [...this.catalogs.values(), ...this.detectors.values()];
    for (const resource of await Promise.allSettled(opened)) {
      if (resource.status === 'fulfilled') await resource.value.close();
    }
  }
}

/** Keeps the promise under its key; one that failed is forgotten, so that a retry tries again. */
function once<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const existing = cache.get(key);
  if (existing) return existing;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}

/** Where the embedded server keeps its state, under the data folder. */
function reviewFolder(dataFolder: string): string {
  return path.join(dataFolder, 'review');
}

/** How to reach the embedded annotation server, as it wrote it down when it started. */
export async function embeddedConnection(dataFolder: string): Promise<{ host: string; token: string }> {
  const file = path.join(reviewFolder(dataFolder), 'connection.json');
  try {
    const { url, token } = JSON.parse(await readFile(file, 'utf8')) as { url: string; token: string };
    return { host: url, token };
  } catch (error) {
    throw new PipelineError(
      'REVIEW_SERVER_DOWN',
      `The embedded annotation server does not run (${file}: ${systemErrorCode(error) ?? 'unreadable'}).`,
      {
        hint: 'Start it with `frameloop up`, or set CVAT_HOST and CVAT_TOKEN in .env to use a CVAT.',
        retryable: true,
      },
    );
  }
}
