import { Graph } from '../graph.js';
import type { OnnxModelSpec } from '../onnx-writer.js';
import { detectBalls } from './ball.js';
import { colourFeatures } from './features.js';
import { CELLS, HEIGHT, WIDTH } from './heads.js';
import { detectPeople } from './people.js';

const NAMES = ['player', 'referee', 'ball'] as const;

/** The graph and metadata of the demo detector: images [1,3,384,640] → output0 [1,4+3,2·96·160]. */
export function buildDemoNetwork(): OnnxModelSpec {
  const graph = new Graph();
  const features = colourFeatures(graph);
  const people = detectPeople(graph, features);
  const ball = detectBalls(graph, features);

  const zero = graph.add('Mul', [ball.scores, graph.scalar(0)]);
  const boxes = graph.add('Concat', [people.boxes, ball.boxes], { axis: 2 });
  const peopleScores = graph.add('Concat', [people.scores, zero], { axis: 1 });
  const ballScores = graph.add('Concat', [zero, zero, ball.scores], { axis: 1 });
  const scores = graph.add('Concat', [peopleScores, ballScores], { axis: 2 });
  graph.add('Concat', [boxes, scores], { axis: 1 }, 'output0');

  return graph.spec({
    inputs: [{ name: 'images', dims: [1, 3, HEIGHT, WIDTH] }],
    outputs: [{ name: 'output0', dims: [1, 4 + NAMES.length, 2 * CELLS] }],
    metadata: {
      description: 'Frameloop demo detector: matched filters for the bundled match footage, weights made by hand',
      author: 'Frameloop',
      license: 'MIT',
      version: '1.0.0',
      task: 'detect',
      stride: '32',
      batch: '1',
      channels: '3',
      imgsz: `[${HEIGHT}, ${WIDTH}]`,
      names: `{${NAMES.map((name, index) => `${index}: '${name}'`).join(', ')}}`,
      args: "{'batch': 1, 'dynamic': False, 'nms': False}",
      end2end: 'False',
    },
  });
}
