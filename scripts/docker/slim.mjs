// Part of the Dockerfile: removes what an image does not need. Some npm packages bring their native parts for every
// platform, and the Temporal command line is only needed where `frameloop up` starts a Temporal server.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = process.cwd();
const temporalTarget = { x64: 'x86_64-unknown-linux-gnu', arm64: 'aarch64-unknown-linux-gnu' }[process.arch];
if (process.platform !== 'linux' || temporalTarget === undefined) {
  throw new Error(`no image is made for ${process.platform}-${process.arch}`);
}

/** Removes everything in a folder but `kept`, which must be there: else the package has changed its layout. */
function keepOnly(folder, kept) {
  if (!existsSync(path.join(root, folder, kept))) throw new Error(`${folder}/${kept} is not there`);
  for (const name of readdirSync(path.join(root, folder))) {
    if (name !== kept) rmSync(path.join(root, folder, name), { recursive: true });
  }
}

keepOnly('node_modules/@temporalio/core-bridge/releases', temporalTarget);
keepOnly('node_modules/onnxruntime-node/bin/napi-v6', 'linux');
keepOnly('node_modules/onnxruntime-node/bin/napi-v6/linux', process.arch);
rmSync(path.join(root, '.tools/venv/bin/temporal'));
