/** The baseline of `bench/detect.ts`: nothing but `session.run` on a tensor that is ready. */
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const { model, dims } = workerData as { model: string; dims: number[] };

const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1)).fill(0.4);
const feeds = { [session.inputNames[0]!]: new Tensor('float32', data, dims) };
await session.run(feeds);
parentPort!.on('message', (runs: number) => {
  void repeat(runs).then(() => parentPort!.postMessage('done'));
});
parentPort!.postMessage('ready');

async function repeat(runs: number): Promise<void> {
  for (let i = 0; i < runs; i++) await session.run(feeds);
}
