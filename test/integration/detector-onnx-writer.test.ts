import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { onnxModel, type OnnxModelSpec, type OnnxNode } from '../fixtures/onnx/onnx-writer.js';

/** Runs a written model over one input and returns the numbers and shape of output `y`. */
async function run(spec: OnnxModelSpec, data: number[], dims: number[]) {
  const session = await InferenceSession.create(onnxModel(spec), { logSeverityLevel: 3 });
  const result = await session.run({ x: new Tensor('float32', Float32Array.from(data), dims) });
  const y = result['y'];
  await session.release();
  if (!y) throw new Error('no output y');
  return { dims: [...y.dims], data: Array.from(y.data as Float32Array) };
}

const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];

function unary(node: Partial<OnnxNode> & { opType: string }, initializers: OnnxModelSpec['initializers'] = []) {
  return {
    nodes: [{ inputs: ['x'], outputs: ['y'], ...node }],
    initializers,
    inputs: [{ name: 'x', dims: [1, 1, 'height', 'width'] }],
    outputs: [{ name: 'y', dims: ['a', 'b', 'c', 'd'] }],
  } satisfies OnnxModelSpec;
}

// Expected values: by hand.
describe('a model file written by us computes in ONNX Runtime what it says', () => {
  it('Conv with padding, stride, weights and bias', async () => {
    const spec = unary(
      {
        opType: 'Conv',
        inputs: ['x', 'w', 'b'],
        attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2], group: 1 },
      },
      [
        { name: 'w', type: 'float32', dims: [1, 1, 3, 3], data: [1, 1, 1, 1, 1, 1, 1, 1, 1] },
        { name: 'b', type: 'float32', dims: [1], data: [0.5] },
      ],
    );
    expect(await run(spec, nine, [1, 1, 3, 3])).toEqual({ dims: [1, 1, 2, 2], data: [12.5, 16.5, 24.5, 28.5] });
  });

  it('Relu, MaxPool and Transpose', async () => {
    expect((await run(unary({ opType: 'Relu' }), [-1, 0, 2, -3], [1, 1, 2, 2])).data).toEqual([0, 0, 2, 0]);
    const pool = unary({ opType: 'MaxPool', attributes: { kernel_shape: [2, 2], strides: [1, 1] } });
    expect((await run(pool, nine, [1, 1, 3, 3])).data).toEqual([5, 6, 8, 9]);
    const transpose = unary({ opType: 'Transpose', attributes: { perm: [0, 1, 3, 2] } });
    expect((await run(transpose, [1, 2, 3, 4, 5, 6], [1, 1, 2, 3])).data).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('Reshape by an int64 tensor, Sigmoid', async () => {
    const shape = { name: 'shape', type: 'int64', dims: [4], data: [1, 1, 1, -1] } as const;
    const reshape = unary({ opType: 'Reshape', inputs: ['x', 'shape'] }, [shape]);
    expect((await run(reshape, [1, 2, 3, 4], [1, 1, 2, 2])).dims).toEqual([1, 1, 1, 4]);
    expect((await run(unary({ opType: 'Sigmoid' }), [0], [1, 1, 1, 1])).data).toEqual([0.5]);
  });

  it('Add, Sub, Mul, a Constant node and Concat, one after the other', async () => {
    const spec: OnnxModelSpec = {
      nodes: [
        {
          opType: 'Constant',
          inputs: [],
          outputs: ['two'],
          attributes: { value: { tensor: { type: 'float32', dims: [1], data: [2] } } },
        },
        { opType: 'Mul', inputs: ['x', 'two'], outputs: ['double'] },
        { opType: 'Add', inputs: ['double', 'x'], outputs: ['triple'] },
        { opType: 'Sub', inputs: ['triple', 'two'], outputs: ['less'] },
        { opType: 'LeakyRelu', inputs: ['less'], outputs: ['leaky'], attributes: { alpha: { float: 0.5 } } },
        { opType: 'Concat', inputs: ['x', 'leaky'], outputs: ['y'], attributes: { axis: 0 } },
      ],
      initializers: [],
      inputs: [{ name: 'x', dims: ['n'] }],
      outputs: [{ name: 'y', dims: ['m'] }],
    };
    expect(await run(spec, [0, 5], [2])).toEqual({ dims: [4], data: [0, 5, -1, 13] });
  });

  it('refuses a tensor whose numbers do not fill its shape', () => {
    const spec = unary({ opType: 'Relu' }, [{ name: 'w', type: 'float32', dims: [2, 2], data: [1] }]);
    expect(() => onnxModel(spec)).toThrow("'w' has 1 numbers, but its shape needs 4");
  });
});
