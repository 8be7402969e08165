import { randomBytes } from 'node:crypto';
import { chmodSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { newFingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';

/**
 * Writes an object of a repository as git does: whole, with the rights of the folder of objects, without a sync. Nothing
 * that it names is looked up.
 * @param like the id of another object there: its length says which hash names them
 * @returns its id
 */
export function writeLoose(objects: string, kind: 'tree' | 'commit', body: Buffer, like: string): string {
  const bytes = Buffer.concat([Buffer.from(`${kind} ${body.length}\0`), body]);
  const id = newFingerprint(like.length === 64 ? 'sha256' : 'sha1')
    .update(bytes)
    .digest('hex');
  const folder = join(objects, id.slice(0, 2));
  const mode = statSync(objects).mode & 0o7777;
  if (makeFolder(folder)) chmodSync(folder, mode);
  // By this name git removes what a crash leaves. A file of an object that is there already becomes a new one, too: a
  // garbage collection takes old ones.
  const draft = join(folder, `tmp_obj_${randomBytes(6).toString('hex')}`);
  writeFileSync(draft, deflateSync(bytes), { flag: 'wx' });
  chmodSync(draft, mode & 0o444);
  renameSync(draft, join(folder, id.slice(2)));
  return id;
}
