import { Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Device, OutputLayout } from '../detector/index.js';
import { workerRoles } from '../workers/task-queues.js';
import { defaultPorts } from './ports.js';

type Action = (...args: never[]) => Promise<void>;

/** Loads a command's module when it is called: `--help` and the quick commands need not wait for the slow libraries. */
function lazy<Name extends string>(load: () => Promise<Record<Name, Action>>, name: Name) {
  return async (...args: unknown[]): Promise<void> => {
    const module = await load();
    await module[name](...(args as never[]));
  };
}

const rounds = () => import('./commands/rounds.js');
const schedules = () => import('./commands/schedule.js');
const webhooks = () => import('./commands/webhook.js');
const sources = () => import('./commands/sources.js');
const singleSteps = () => import('./commands/single-steps.js');
const roundSteps = () => import('./commands/round-steps.js');
const datasets = () => import('./commands/dataset.js');

const layouts = ['yolov8', 'yolov5', 'yolox', 'end2end', 'rtdetr', 'detr'] satisfies OutputLayout[];
const devices = ['auto', 'cpu', 'cuda', 'coreml', 'directml', 'webgpu'] satisfies Device[];

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

function count(text: string): number {
  const value = number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

function port(text: string): number {
  const value = number(text);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new InvalidArgumentError('It must be a port: 1 to 65535.');
}

function time(text: string): Date {
  const value = new Date(text);
  if (Number.isNaN(value.getTime())) throw new InvalidArgumentError('It must be a time, as in 2026-01-05T06:00Z.');
  return value;
}

function rate(text: string): number {
  const value = number(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}

/** That of the package: from the sources and from the build, it lies two folders up. */
function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** A command with the options that every command has. */
function addCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'print JSON for machines on stdout, and nothing else there')
    .option('--verbose', 'show the stack of an error')
    .option('-c, --config <file>', 'the configuration file (default: FRAMELOOP_CONFIG, config.yaml, data/config.yaml)');
}

/** The whole command line. */
export function createProgram(): Command {
  const program = new Command('frameloop')
    .description('Active learning for object detection in video, run by Temporal.')
    .version(version())
    .showHelpAfterError()
    .exitOverride();
  const add = (name: string, description: string) => addCommand(program, name, description);

  add('demo', 'the whole loop on the bundled clips with the bundled model and a scripted reviewer')
    .option('--data <folder>', 'where the demo keeps its data', path.join('data', 'demo'))
    .addOption(
      new Option('--reviewer-errors <rate>', 'let the scripted reviewer decide so many boxes wrongly, 0 to 1')
        .argParser(rate)
        .default(0),
    )
    .option('--review', 'review the frames yourself, in the browser')
    .action(lazy(() => import('./commands/demo.js'), 'demo'));
  add('up', 'Temporal server, annotation server and worker on this machine, until Ctrl-C')
    .addOption(
      new Option('--temporal-port <port>', 'the Temporal server').argParser(port).default(defaultPorts.temporal),
    )
    .addOption(new Option('--ui-port <port>', 'the Temporal UI').argParser(port).default(defaultPorts.temporalUi))
    .addOption(new Option('--review-port <port>', 'the annotation server').argParser(port).default(defaultPorts.review))
    .addOption(new Option('--webhook-port <port>', "CVAT's webhooks").argParser(port).default(defaultPorts.webhook))
    .action(lazy(() => import('./commands/up.js'), 'up'));
  add('worker', 'one worker process against a Temporal cluster, until it gets a signal')
    .addOption(
      new Option('--role <names...>', 'what this process does (default: everything)').choices([...workerRoles]),
    )
    .option('--quiet', 'log to the file only')
    .option('--with-parent', 'stop when the standard input ends, which is when the parent process is gone')
    .action(lazy(() => import('./commands/worker.js'), 'worker'));

  add('start', 'start a round')
    .argument('[videos...]', 'files, folders, globs or URLs to take instead of the configured sources')
    .option('--wait', 'show the progress and wait for the result')
    .option('--id <id>', 'the id of the workflow (default: made from the time)')
    .option('--set <key=value...>', 'override the configuration for this round, as in video.framerate=5')
    .action(lazy(rounds, 'start'));
  add('status', 'where a round stands')
    .argument('[id]', 'the id of the round (default: the newest)')
    .action(lazy(rounds, 'status'));
  add('complete', 'say that the annotation of a round is complete: it looks at its task at once')
    .argument('<id>', 'the id of the round')
    .action(lazy(rounds, 'complete'));
  add('pause', 'hold back new videos of a round').argument('<id>', 'the round').action(lazy(rounds, 'pause'));
  add('resume', 'let a paused round go on').argument('<id>', 'the round').action(lazy(rounds, 'resume'));
  add('cancel', 'cancel a round; its videos go back for the next one, its annotation task is left alone')
    .argument('<id>', 'the id of the round')
    .action(lazy(rounds, 'cancel'));
  add('release', 'give up the task of a cancelled round: its videos and frames are for other rounds again')
    .argument('<id>', 'the id of the round')
    .action(lazy(() => import('./commands/release.js'), 'release'));
  add('rounds', 'the rounds so far, newest first')
    .addOption(new Option('-n, --limit <number>', 'how many').argParser(number).default(20))
    .action(lazy(rounds, 'listRounds'));

  const schedule = program.command('schedule').description('rounds by the clock (Temporal Schedules)');
  addCommand(schedule, 'apply', 'create or update the schedules of the configuration').action(lazy(schedules, 'apply'));
  addCommand(schedule, 'list', 'the schedules, their next rounds and how the last ones ended').action(
    lazy(schedules, 'list'),
  );
  for (const [name, action, description] of [
    ['trigger', 'trigger', 'start a round of this schedule now'],
    ['pause', 'pause', 'start no rounds until it is resumed'],
    ['resume', 'resume', 'let a paused schedule go on'],
    ['delete', 'remove', 'remove the schedule; rounds that run are not touched'],
  ] as const) {
    addCommand(schedule, name, description).argument('<id>', 'the schedule').action(lazy(schedules, action));
  }
  addCommand(schedule, 'backfill', 'start the rounds of a time in which the schedule did not run')
    .argument('<id>', 'the schedule')
    .addOption(new Option('--from <time>', 'as in 2026-01-05T00:00Z').argParser(time).makeOptionMandatory())
    .addOption(new Option('--to <time>', 'the end of the time').argParser(time).makeOptionMandatory())
    .action(lazy(schedules, 'backfill'));

  const webhook = program.command('webhook').description("CVAT's webhooks: rounds look at once when people finish");
  addCommand(webhook, 'serve', 'receive webhooks until Ctrl-C (`up` does so too)')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .addOption(new Option('--port <port>', 'where to listen').argParser(port).default(defaultPorts.webhook))
    .action(lazy(webhooks, 'serve'));
  addCommand(webhook, 'install', 'register the receiver with the project in CVAT, and let CVAT send a ping')
    .requiredOption('--url <url>', 'the address of the receiver as CVAT reaches it')
    .option('--no-ping', 'register only')
    .action(lazy(webhooks, 'install'));

  const codec = program.command('codec').description('encrypted payloads, readable for people');
  addCommand(codec, 'serve', 'decrypt for the Temporal UI and command line on this machine, until Ctrl-C')
    .addOption(new Option('--port <port>', 'where to listen, on 127.0.0.1').argParser(port).default(defaultPorts.codec))
    .option('--ui <url>', 'address of the Temporal UI, whose page alone may ask', 'http://127.0.0.1:8233')
    .action(lazy(() => import('./commands/codec.js'), 'serve'));

  add('doctor', 'check every tool, service, credential, model and path, and say how to mend what is wrong').action(
    lazy(() => import('./commands/doctor.js'), 'doctor'),
  );
  add('health', 'exit code 0 when a worker of this host works: for the health check of a container').action(
    lazy(() => import('./commands/health.js'), 'health'),
  );
  add('gc', 'show the videos, rejected frames and old rounds that nothing needs any more; remove them with --yes')
    .option('--yes', 'remove them')
    .action(lazy(() => import('./commands/gc.js'), 'gc'));
  add('init', 'write data/config.yaml and .env from the examples; what is there already is left as it is').action(
    lazy(() => import('./commands/init.js'), 'init'),
  );

  add('search', 'what a search for videos brings')
    .argument('<query>', 'the words to search for')
    .addOption(new Option('-n, --limit <number>', 'so many videos (default: youtube.num_videos)').argParser(number))
    .action(lazy(sources, 'search'));
  add('download', 'download videos, without sound where the site has it apart')
    .argument('<urls...>', 'video files, pages with a video, playlists, channels')
    .option('--out <folder>', 'where they go (default: paths.downloads)')
    .action(lazy(sources, 'download'));
  add('probe', 'what a video file is, and whether it can be used')
    .argument('<file>', 'a video file')
    .action(lazy(singleSteps, 'probe'));
  add('frames', 'take frames of a video')
    .argument('<file>', 'a video file')
    .option('--every <duration>', 'time between frames, as in 5 or 3m', '180')
    .option('--out <folder>', 'where the pictures go', 'frames')
    .addOption(new Option('--max <number>', 'take at most so many').argParser(number))
    .addOption(
      new Option('--sampling <method>', 'exact times, the keyframe before each, or a sharp frame of each shot')
        .choices(['interval', 'keyframe', 'scene'])
        .default('interval'),
    )
    .option('--skip-start <duration>', 'no frames before this time')
    .option('--skip-end <duration>', 'no frames in the last part')
    .option('--sharpest-within <duration>', 'take the sharpest frame up to this time after each wanted one')
    .addOption(new Option('--scene-threshold <number>', 'least change of a cut, 0..255').argParser(number))
    .addOption(new Option('--duplicates <bits>', 'leave out frames that differ in fewer of 64 bits').argParser(number))
    .action(lazy(singleSteps, 'frames'));
  add('detect', 'run a model over pictures, folders of pictures, and videos')
    .argument('<paths...>', 'JPEG, PNG or WebP files, folders, videos')
    .option('-m, --model <file>', 'the ONNX model (default: MODEL_PATH)')
    .addOption(new Option('--confidence <number>', 'boxes must score higher').argParser(number).default(0.25))
    .addOption(new Option('--iou <number>', 'overlap from which the weaker box goes').argParser(number).default(0.7))
    .option('--agnostic', 'boxes of different classes suppress each other too')
    .addOption(new Option('--max-detections <number>', 'boxes per picture at most').argParser(count).default(300))
    .addOption(new Option('--image-size <pixels>', 'longest side, for models that take any').argParser(count))
    .option('--classes <names...>', 'keep only these classes')
    .option('--labels <names...>', 'the names of the classes, where the model has none')
    .addOption(
      new Option('--layout <name>', 'how the model gives its boxes, where that is not recognised').choices(layouts),
    )
    .addOption(new Option('--resize <how>', 'exact as OpenCV, or fast').choices(['exact', 'fast']).default('exact'))
    .addOption(new Option('--device <name>', 'what computes').choices(devices).default('auto'))
    .addOption(
      new Option('--threads <number>', 'pictures at the same time (default: cores, at most 4)').argParser(count),
    )
    .option('--every <time>', 'of a video: time between frames', '1')
    .option('--draw <folder>', 'write pictures with their boxes drawn in')
    .option('--save-txt <folder>', 'write a label file for each picture with boxes, as Ultralytics does')
    .option('--save-conf', 'with the confidence as last number of each line')
    .action(lazy(() => import('./commands/detect.js'), 'detect'));

  const dataset = program
    .command('dataset')
    .description('the dataset: check it, count it, compare versions, make it anew');
  addCommand(dataset, 'validate', 'check every file against the manifest, and that no picture lies on two sides')
    .argument('[folder]', 'the dataset (default: paths.dataset of the configuration)')
    .action(lazy(datasets, 'validate'));
  addCommand(dataset, 'stats', 'what it holds, how it is split, its versions and the leak check')
    .argument('[folder]', 'the dataset (default: paths.dataset of the configuration)')
    .action(lazy(datasets, 'stats'));
  addCommand(dataset, 'diff', 'frames and boxes that differ between two versions')
    .argument('<before>', 'a version or the beginning of one, or the folder of a dataset')
    .argument('<after>', 'the same')
    .option('--dataset <folder>', 'the dataset whose versions are meant (default: paths.dataset)')
    .action(lazy(datasets, 'diff'));
  addCommand(dataset, 'build', 'merge every round whose labels are home, and write anew what follows from them').action(
    lazy(datasets, 'build'),
  );
  const labels = program.command('labels').description('what people made of the frames');
  addCommand(labels, 'pull', 'fetch the finished labels of a round now')
    .option('--round <id>', 'the round (default: the newest that has a task)')
    .option('--merge', 'clean them and add them to the dataset, too')
    .action(lazy(roundSteps, 'pullLabels'));
  add('select', 'show which frames a round sends to people and why; changes nothing')
    .option('--round <id>', 'the round (default: the newest)')
    .option('--set <key=value...>', 'other settings of the selection, as in budget=50')
    .option('--out <file>', 'write the selected frames to a file, JSON Lines')
    .action(lazy(roundSteps, 'select'));
  add('report', 'write the report of a round, and the one of the dataset')
    .argument('[round]', 'the round (default: the newest)')
    .action(lazy(roundSteps, 'report'));
  return program;
}
