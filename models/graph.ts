import type { OnnxAttribute, OnnxModelSpec, OnnxNode, OnnxTensor } from './onnx-writer.js';

/** Collects nodes and constants of a network; every operation returns the name of its output. */
export class Graph {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];

  /** One node with one output. */
  add(
    opType: string,
    inputs: readonly string[],
    attributes: Record<string, OnnxAttribute> = {},
    output?: string,
  ): string {
    return this.addMany(opType, inputs, [output ?? this.name(opType)], attributes)[0] as string;
  }

  addMany<T extends readonly string[]>(
    opType: string,
    inputs: readonly string[],
    outputs: T,
    attributes: Record<string, OnnxAttribute> = {},
  ): T {
    this.nodes.push({ opType, inputs, outputs, attributes });
    return outputs;
  }

  constant(dims: readonly number[], data: ArrayLike<number>, type: OnnxTensor['type'] = 'float32'): string {
    const name = `constant_${this.initializers.length}`;
    this.initializers.push({ name, type, dims, data });
    return name;
  }

  scalar(value: number): string {
    return this.constant([], [value]);
  }

  name(opType: string): string {
    return `${opType.toLowerCase()}_${this.nodes.length}`;
  }

  spec(rest: Omit<OnnxModelSpec, 'nodes' | 'initializers'>): OnnxModelSpec {
    return { ...rest, nodes: this.nodes, initializers: this.initializers };
  }
}
