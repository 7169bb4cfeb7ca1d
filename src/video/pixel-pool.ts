/**
 * Memory for pictures of one size, used again and again. Left to the garbage collector, a hundred megabytes of pictures
 * that nobody needs any more would pile up before it looks for them.
 */
export class PixelPool {
  private readonly free: Buffer[] = [];

  constructor(private readonly bytes: number) {}

  take(): Buffer {
    // Shared with the threads of the detector, which else would get a copy.
    return this.free.pop() ?? Buffer.from(new SharedArrayBuffer(this.bytes));
  }

  /** Only by who took it, and only once; what is not given back is left to the garbage collector. */
  giveBack(pixels: Buffer): void {
    this.free.push(pixels);
  }
}
