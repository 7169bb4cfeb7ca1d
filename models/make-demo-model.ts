/**
 * Builds `models/demo.onnx`: `npx tsx models/make-demo-model.ts [file]`. A small convolutional network whose weights are
 * written down instead of learned. It finds shirts of the three kits and white balls on grass by matched filters at
 * several scales, and puts out boxes in the layout of a YOLOv8 detector, so that it runs by the same code as any model.
 */
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '../src/common/files.js';
import { buildDemoNetwork } from './demo-network/index.js';
import { onnxModel } from './onnx-writer.js';

const file = process.argv[2] ?? fileURLToPath(new URL('demo.onnx', import.meta.url));
const bytes = onnxModel(buildDemoNetwork());
await writeFileAtomic(file, bytes);
process.stdout.write(`${file}: ${bytes.length} bytes\n`);
