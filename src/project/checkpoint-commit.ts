import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';
import type { FileChange } from './compare-files.ts';
import { runGit } from './git.ts';
import { GitError } from './git-error.ts';
import { bytesOf, nameOf, quoted } from './path-bytes.ts';

export interface NewCommit {
  ref: string;
  parents: readonly string[];
  text: string;
  /** A tree that is in the repository, and what differs from it. */
  worktree: { tree: string; changes: readonly FileChange[] };
  /** All of the session's files. */
  documents: readonly FileChange[];
}

export interface WrittenCommit {
  commit: string;
  worktreeTree: string;
  sessionTree: string;
}

// Ours, so that keeping work never fails for a missing identity, and nobody takes it for a person's commit.
const WRITER = 'samocode <samocode@localhost> now';

/**
 * One git for blobs, trees, commit and ref, without an index: at the end of an iteration every start of a
 * program counts. Many objects become one pack, few become loose ones.
 * @throws GitError
 */
export async function writeCommit(store: CheckpointStore, commit: NewCommit): Promise<WrittenCommit> {
  const { ref, parents, worktree, documents, text } = commit;
  const [first, ...others] = parents;
  const input = Buffer.concat([
    bytesOf(
      lines([
        // Without it an existing ref would become a parent.
        ...(first === undefined ? [`reset ${nameOf(ref)}`] : []),
        `commit ${nameOf(ref)}`,
        'mark :1',
        `committer ${WRITER}`,
        `data ${Buffer.byteLength(text)}`,
        nameOf(text),
        ...(first === undefined ? [] : [`from ${first}`]),
        ...others.map((parent) => `merge ${parent}`),
        'deleteall',
        `M 040000 ${worktree.tree} worktree`,
      ]),
    ),
    ...fileLines('worktree', worktree.changes),
    ...fileLines('session', documents),
    bytesOf(lines(['', 'ls :1 worktree', 'ls :1 session', 'get-mark :1', 'done'])),
  ]);
  const args = ['fast-import', '--quiet', '--force', '--done', '--date-format=now', '--depth=0'];
  const { stdout, stderr, exitCode } = await runGit(args, {
    ...repositoryOptions(store),
    input,
    allowFailure: true,
  });
  if (exitCode !== 0) {
    await removeReport(store, stderr);
    throw GitError.failed('fast-import', store.commonDir, exitCode, stderr);
  }
  const [worktreeLine = '', sessionLine = '', id = ''] = stdout.trim().split('\n');
  return {
    commit: id,
    worktreeTree: treeIn(worktreeLine) ?? emptyTree(store),
    sessionTree: treeIn(sessionLine) ?? emptyTree(store),
  };
}

/** What it leaves in the repository when it fails; it says all of it to us as well. */
async function removeReport({ commonDir }: CheckpointStore, stderr: string): Promise<void> {
  const name = /\bfast_import_crash_\d+$/m.exec(stderr)?.[0];
  if (name) await rm(join(commonDir, name), { force: true });
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

function fileLines(part: 'worktree' | 'session', changes: readonly FileChange[]): Buffer[] {
  // What is gone comes first: a file may stand now where a folder was.
  const sorted = changes.toSorted((a, b) => Number(a.file !== null) - Number(b.file !== null));
  return sorted.flatMap(({ name, file }) => {
    const path = quoted(`${part}/${name}`);
    if (file === null) return [bytesOf(`D ${path}\n`)];
    if (file.bytes === undefined) return [bytesOf(`M ${file.mode} ${file.id} ${path}\n`)];
    return [bytesOf(`M ${file.mode} inline ${path}\ndata ${file.bytes.length}\n`), file.bytes, bytesOf('\n')];
  });
}

/** Of a line such as `040000 tree 4b82… TAB worktree`; undefined for `missing worktree`. */
function treeIn(line: string): string | undefined {
  return /^040000 tree ([0-9a-f]+)\t/.exec(line)?.[1];
}

function emptyTree({ hash }: CheckpointStore): string {
  return createHash(hash).update('tree 0\0').digest('hex');
}
