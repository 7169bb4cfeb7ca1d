import { open, type FileHandle } from 'node:fs/promises';
import protobuf from 'protobufjs/minimal.js';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';

/** Field numbers of `ModelProto` in onnx.proto3. */
const IR_VERSION = 1;
const GRAPH = 7;
const METADATA_PROPS = 14;

/** A field's tag and the varint behind it take at most 15 bytes. */
const HEADER_BYTES = 16;

/**
 * Reads the strings that an exporter left in an ONNX file (`metadata_props`: names, stride, imgsz … with Ultralytics).
 * ONNX Runtime's Node.js binding does not hand them out. The graph with its weights is skipped, not read.
 *
 * @throws PipelineError MODEL_NOT_FOUND, MODEL_UNREADABLE, MODEL_NOT_ONNX
 */
export async function readOnnxMetadata(file: string): Promise<Record<string, string>> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    throw cannotOpen(file, error);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) {
      throw new PipelineError('MODEL_NOT_FOUND', `The model '${file}' is not a file.`, {
        hint: 'Set MODEL_PATH (or --model) to the .onnx file itself.',
      });
    }
    return await readFields(handle, file, stat.size);
  } finally {
    await handle.close();
  }
}

function cannotOpen(file: string, error: unknown): PipelineError {
  const code = systemErrorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new PipelineError('MODEL_NOT_FOUND', `There is no model file '${file}'.`, {
      hint: 'Set MODEL_PATH (or --model) to an existing .onnx file.',
      cause: error,
    });
  }
  return new PipelineError('MODEL_UNREADABLE', `The model '${file}' cannot be opened: ${messageOf(error)}.`, {
    hint: 'Check the permissions of the file.',
    cause: error,
  });
}

/** Walks over the top level of the message: tag, then a number or a length with that many bytes. */
async function readFields(handle: FileHandle, file: string, size: number): Promise<Record<string, string>> {
  const metadata: [string, string][] = [];
  const seen = new Set<number>();
  let position = 0;
  try {
    while (position < size) {
      const reader = protobuf.Reader.create(await readBytes(handle, position, Math.min(HEADER_BYTES, size - position)));
      const tag = reader.uint32();
      const field = tag >>> 3;
      seen.add(field);
      const lengthDelimited = (tag & 7) === 2;
      const length = lengthDelimited ? reader.uint32() : 0;
      if (!lengthDelimited) reader.skipType(tag & 7);
      position += reader.pos + length;
      if (field === 0 || position > size) throw new RangeError('a field reaches past the end of the file');
      if (field === METADATA_PROPS) metadata.push(readEntry(await readBytes(handle, position - length, length)));
    }
  } catch (error) {
    throw await notOnnx(handle, file, error);
  }
  if (!seen.has(IR_VERSION) || !seen.has(GRAPH)) throw await notOnnx(handle, file, undefined);
  return Object.fromEntries(metadata);
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** `StringStringEntryProto`: key = 1, value = 2. */
function readEntry(bytes: Uint8Array): [string, string] {
  const reader = protobuf.Reader.create(bytes);
  let key = '';
  let value = '';
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x0a) key = reader.string();
    else if (tag === 0x12) value = reader.string();
    else reader.skipType(tag & 7);
  }
  return [key, value];
}

async function notOnnx(handle: FileHandle, file: string, cause: unknown): Promise<PipelineError> {
  const start = Buffer.from(await readBytes(handle, 0, 64)).toString('latin1');
  let hint = 'Export your model to ONNX, for example with `yolo export model=best.pt format=onnx`.';
  if (start.startsWith('PK')) hint = `This looks like a PyTorch checkpoint. ${hint}`;
  if (start.startsWith('version https://git-lfs'))
    hint = 'This is a Git LFS pointer: fetch the file with `git lfs pull`.';
  return new PipelineError('MODEL_NOT_ONNX', `'${file}' is not an ONNX model, or it is cut off or damaged.`, {
    hint,
    cause,
  });
}
