import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const heartbeatMs = 5_000;
/** A holder that was silent this long is gone, even if another process has its number by now (or it is on another host). */
const silenceMs = 120_000;
/** No npm or pip that lost its set-up runs longer than this. */
const longestStepMs = 30 * 60_000;
/** Between creating the lock and believing in it: time for another's late take-over of a dead lock to show. */
const settleMs = 30;

/**
 * Runs `action` while no other set-up of this folder does. Waits for a living one; takes over from a dead one, but not
 * while a program that it started (npm, pip) still runs. `action` gets a function that notes such a program's id.
 */
export async function withLock(file, onWait, action) {
  const token = randomBytes(8).toString('hex');
  const holder = { pid: process.pid, host: hostname(), token, child: undefined };
  mkdirSync(path.dirname(file), { recursive: true });
  for (let waited = false; !(await acquire(file, holder)); await sleep(250)) {
    if (!waited) onWait(read(file)?.pid);
    waited = true;
  }
  const heartbeat = setInterval(() => {
    if (read(file)?.token === token) utimesSync(file, new Date(), new Date());
  }, heartbeatMs);
  heartbeat.unref();
  try {
    return await action((child) => {
      holder.child = child;
      writeFileSync(file, JSON.stringify(holder));
    });
  } finally {
    clearInterval(heartbeat);
    if (read(file)?.token === token) rmSync(file, { force: true });
  }
}

async function acquire(file, holder) {
  for (let created = false; !created;) {
    try {
      writeFileSync(file, JSON.stringify(holder), { flag: 'wx' });
      created = true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!removeIfDead(file)) return false;
    }
  }
  await sleep(settleMs);
  return read(file)?.token === holder.token;
}

/** Whether the lock is gone. */
function removeIfDead(file) {
  const holder = read(file);
  if (!isDead(file, holder)) return false;
  // Two may come to this point at once. Only what was judged is removed: a lock that is new by now is put back.
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return true;
    throw error;
  }
  if (read(aside)?.token !== holder?.token) {
    renameSync(aside, file);
    return false;
  }
  rmSync(aside, { force: true });
  return true;
}

function isDead(file, holder) {
  const silentForMs = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
  // Unreadable: its holder is writing it at this moment, or died while doing so.
  if (holder === undefined || holder.host !== hostname()) return silentForMs > silenceMs;
  if (silentForMs <= silenceMs && runs(holder.pid)) return false;
  return silentForMs > longestStepMs || holder.child === undefined || !runs(holder.child);
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Absent, or just being written.
    return undefined;
  }
}

function runs(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and belongs to someone else.
    return error.code === 'EPERM';
  }
}
