import { createLog } from '../../common/log.js';
import { readHostId } from '../../workers/host-id.js';
import { runWorker } from '../../workers/main.js';
import { videosAtATime } from '../../workers/slots.js';
import { workerRoles, type WorkerRole } from '../../workers/task-queues.js';
import { temporalTarget } from '../../workers/target.js';
import { namedConfig, readContext, type CommonOptions } from '../context.js';
import { note, printLine } from '../output.js';

interface WorkerCommandOptions extends CommonOptions {
  role?: WorkerRole[];
  quiet?: boolean;
  withParent?: boolean;
}

export async function worker(options: WorkerCommandOptions): Promise<void> {
  const config = await readContext(options);
  const { paths, workers } = config;
  const log = createLog({ dataFolder: paths.data, process: 'worker', quiet: options.quiet });
  if (options.withParent) process.stdin.once('end', () => process.kill(process.pid, 'SIGTERM')).resume();
  try {
    await runWorker({
      folder: process.cwd(),
      env: process.env,
      configFile: namedConfig(options),
      target: temporalTarget(process.env),
      roles: options.role ?? workerRoles,
      hostId: await readHostId(paths.data),
      limits: {
        media: workers.media_slots ?? videosAtATime(),
        io: workers.io_slots,
        sites: workers.download_slots,
        sitesPerSecond: workers.downloads_per_second,
        ioPerSecond: workers.annotation_steps_per_second,
      },
      log,
      config,
      onReady: () => (options.json ? printLine({ ready: true }) : note('The worker is ready.')),
    });
  } finally {
    // The open pipe to the parent would keep this process alive.
    if (options.withParent) process.stdin.destroy();
  }
}
