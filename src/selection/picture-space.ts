import { HASH_BITS, hammingDistance, parseHash, type HashBits } from '../common/perceptual-hash.js';

/** What a picture looks like. */
export interface Picture {
  hash: HashBits;
  /** Of length 1. */
  embedding?: Float32Array;
}

/** How unlike pictures are: 0 (the same) to 1 (as unlike as can be). */
export interface PictureSpace {
  distance(a: Picture, b: Picture): number;
  /** From this distance on two pictures show something else. */
  unlike: number;
}

/** @throws PipelineError PERCEPTUAL_HASH_INVALID */
export function toPicture(frame: { frameId: string; perceptualHash: string; embedding?: readonly number[] }): Picture {
  return { hash: parseHash(frame.perceptualHash, frame.frameId), embedding: unit(frame.embedding) };
}

/**
 * Embeddings where every picture has one of the same model, else perceptual hashes. The network's own features come
 * nearer to what a person calls alike, but two models' features cannot be compared.
 */
export function spaceOf(pictures: readonly Picture[]): PictureSpace {
  const dimensions = pictures[0]?.embedding?.length;
  const comparable = dimensions !== undefined && pictures.every(({ embedding }) => embedding?.length === dimensions);
  return comparable ? embeddingSpace : hashSpace;
}

/** Half the length of the chord between two points of the unit sphere: grows with the angle, and is a metric. */
const embeddingSpace: PictureSpace = {
  distance: (a, b) => Math.sqrt(Math.max(0, (1 - dot(a.embedding!, b.embedding!)) / 2)),
  // A cosine of 0.92. Features of a network are all positive, so even pictures of different things are at 0.6 or more.
  unlike: Math.sqrt((1 - 0.92) / 2),
};

const hashSpace: PictureSpace = {
  distance: (a, b) => hammingDistance(a.hash, b.hash) / HASH_BITS,
  // imagededup calls difference hashes within 10 bits duplicates.
  unlike: 11 / HASH_BITS,
};

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Scaled to length 1; none where there is no direction. */
function unit(embedding: readonly number[] | undefined): Float32Array | undefined {
  if (!embedding) return undefined;
  const vector = Float32Array.from(embedding);
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((value) => value / length) : undefined;
}
