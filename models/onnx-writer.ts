import protobuf from 'protobufjs/minimal.js';

type Writer = protobuf.Writer;

/** The element types this writer knows, with their number in `TensorProto.DataType`. */
const ELEMENT_TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 } as const;

export type OnnxElementType = keyof typeof ELEMENT_TYPES;

/** A constant of the graph: weights, a shape, an index. */
export interface OnnxTensor {
  name: string;
  type: 'float32' | 'int64';
  dims: readonly number[];
  /** Row-major; as many numbers as the product of `dims`. */
  data: ArrayLike<number>;
}

/** An input or output of the graph. A dimension given as a string is symbolic: the caller chooses it at run time. */
export interface OnnxValue {
  name: string;
  type?: OnnxElementType;
  dims: readonly (number | string)[];
}

/** A bare number is an integer attribute, an array of numbers a list of integers. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { float: number }
  | { floats: readonly number[] }
  | { tensor: Omit<OnnxTensor, 'name'> };

export interface OnnxNode {
  opType: string;
  inputs: readonly string[];
  outputs: readonly string[];
  name?: string;
  attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxModelSpec {
  /** In topological order: a node stands after those whose outputs it reads. */
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxTensor[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  /** What `metadata_props` carries: names, stride, imgsz … of a detector. */
  metadata?: Readonly<Record<string, string>>;
  /** Version of the default operator set. Default 17. */
  opset?: number;
}

/** The version of the file format: 8 is what operator sets up to 18 came with. */
const IR_VERSION = 8;

/** Wire type "length delimited" of protocol buffers, which all embedded messages have. */
const LENGTH_DELIMITED = 2;

/** Numbers in `AttributeProto.AttributeType`. */
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;

/**
 * Serialises a graph as an ONNX file. Field numbers are those of `onnx.proto3`
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3); only what small convolutional networks need is written.
 *
 * @throws Error when a tensor's data does not fill its shape: ONNX Runtime's own message for that is obscure.
 */
export function onnxModel(spec: OnnxModelSpec): Uint8Array {
  const model = protobuf.Writer.create();
  model.uint32(tag(1, 0)).int64(IR_VERSION);
  model.uint32(tag(2)).string('frameloop');
  message(model, 7, (graph) => {
    for (const node of spec.nodes) message(graph, 1, (writer) => writeNode(writer, node));
    graph.uint32(tag(2)).string('detector');
    for (const tensor of spec.initializers) message(graph, 5, (writer) => writeTensor(writer, tensor));
    for (const value of spec.inputs) message(graph, 11, (writer) => writeValue(writer, value));
    for (const value of spec.outputs) message(graph, 12, (writer) => writeValue(writer, value));
  });
  message(model, 8, (opset) => {
    opset.uint32(tag(1)).string('');
    opset.uint32(tag(2, 0)).int64(spec.opset ?? 17);
  });
  for (const [key, value] of Object.entries(spec.metadata ?? {})) {
    message(model, 14, (entry) => entry.uint32(tag(1)).string(key).uint32(tag(2)).string(value));
  }
  return model.finish();
}

function tag(field: number, wireType = LENGTH_DELIMITED): number {
  return (field << 3) | wireType;
}

function message(parent: Writer, field: number, write: (child: Writer) => unknown): void {
  parent.uint32(tag(field)).fork();
  write(parent);
  parent.ldelim();
}

function writeNode(writer: Writer, node: OnnxNode): void {
  for (const input of node.inputs) writer.uint32(tag(1)).string(input);
  for (const output of node.outputs) writer.uint32(tag(2)).string(output);
  if (node.name !== undefined) writer.uint32(tag(3)).string(node.name);
  writer.uint32(tag(4)).string(node.opType);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    message(writer, 5, (attribute) => writeAttribute(attribute, name, value));
  }
}

function writeAttribute(writer: Writer, name: string, value: OnnxAttribute): void {
  const type = (kind: keyof typeof ATTRIBUTE_TYPES) => writer.uint32(tag(20, 0)).int32(ATTRIBUTE_TYPES[kind]);
  writer.uint32(tag(1)).string(name);
  if (typeof value === 'number') {
    writer.uint32(tag(3, 0)).int64(value);
    type('int');
  } else if (typeof value === 'string') {
    writer.uint32(tag(4)).string(value);
    type('string');
  } else if (isList(value)) {
    const strings = typeof value[0] === 'string';
    for (const item of value) {
      if (typeof item === 'string') writer.uint32(tag(9)).string(item);
      else writer.uint32(tag(8, 0)).int64(item);
    }
    type(strings ? 'strings' : 'ints');
  } else if ('float' in value) {
    writer.uint32(tag(2, 5)).float(value.float);
    type('float');
  } else if ('floats' in value) {
    for (const item of value.floats) writer.uint32(tag(7, 5)).float(item);
    type('floats');
  } else {
    message(writer, 5, (tensor) => writeTensor(tensor, { ...value.tensor, name: '' }));
    type('tensor');
  }
}

function isList(value: OnnxAttribute): value is readonly number[] | readonly string[] {
  return Array.isArray(value);
}

function writeTensor(writer: Writer, tensor: OnnxTensor): void {
  const size = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (tensor.data.length !== size) {
    throw new Error(`Tensor '${tensor.name}' has ${tensor.data.length} numbers, but its shape needs ${size}.`);
  }
  for (const dim of tensor.dims) writer.uint32(tag(1, 0)).int64(dim);
  writer.uint32(tag(2, 0)).int32(ELEMENT_TYPES[tensor.type]);
  if (tensor.name !== '') writer.uint32(tag(8)).string(tensor.name);
  writer.uint32(tag(9)).bytes(rawData(tensor));
}

/** `raw_data` is little endian by definition, whatever the machine. */
function rawData(tensor: OnnxTensor): Uint8Array {
  const width = tensor.type === 'float32' ? 4 : 8;
  const bytes = new Uint8Array(tensor.data.length * width);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < tensor.data.length; i++) {
    const value = tensor.data[i] ?? 0;
    if (tensor.type === 'float32') view.setFloat32(i * width, value, true);
    else view.setBigInt64(i * width, BigInt(value), true);
  }
  return bytes;
}

function writeValue(writer: Writer, value: OnnxValue): void {
  writer.uint32(tag(1)).string(value.name);
  message(writer, 2, (typeProto) =>
    message(typeProto, 1, (tensorType) => {
      tensorType.uint32(tag(1, 0)).int32(ELEMENT_TYPES[value.type ?? 'float32']);
      message(tensorType, 2, (shape) => {
        for (const dim of value.dims) {
          message(shape, 1, (dimension) => {
            if (typeof dim === 'string') dimension.uint32(tag(2)).string(dim);
            else dimension.uint32(tag(1, 0)).int64(dim);
          });
        }
      });
    }),
  );
}
