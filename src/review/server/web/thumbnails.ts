import sharp from 'sharp';

/** Wide enough for the filmstrip and the contact sheet on a screen of twice the density. */
const width = 320;
/** About 10 kB each. */
const limit = 3000;

/** Small JPEGs of pictures, made when they are asked for and kept in memory: making one takes a few milliseconds. */
export class Thumbnails {
  private readonly known = new Map<string, Promise<Buffer>>();

  /** @throws Error of the file system or of the decoder */
  of(file: string): Promise<Buffer> {
    const known = this.known.get(file);
    if (known !== undefined) {
      // The one that was used last goes last.
      this.known.delete(file);
      this.known.set(file, known);
      return known;
    }
    const made = sharp(file).autoOrient().resize({ width, withoutEnlargement: true }).jpeg({ quality: 70 }).toBuffer();
    this.known.set(file, made);
    made.catch(() => this.known.delete(file));
    for (const oldest of this.known.keys()) {
      if (this.known.size <= limit) break;
      this.known.delete(oldest);
    }
    return made;
  }
}
