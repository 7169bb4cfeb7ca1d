import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A wire between two programs that a test can cut. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private parted = false;

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly port: number,
  ) {}

  /** @param port where it listens; 0 = any free one */
  static async start(targetPort: number, port = 0): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const proxy = new TcpProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => proxy.join(client, connect(targetPort, '127.0.0.1')));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  private join(client: Socket, target: Socket): void {
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      if (this.parted) from.pause();
    }
  }

  /** Nothing comes through any more, and nobody is told: what a dead switch or a pulled cable looks like. */
  part(): void {
    this.parted = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** What was held back comes through now. */
  heal(): void {
    this.parted = false;
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
