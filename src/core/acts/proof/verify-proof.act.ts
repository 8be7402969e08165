import { join, resolve } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { theExtension } from '../../caller/context/in-this-build.ts';
import { safeGit } from '../../caller/context/session-branch.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { plainText, readPlainFile } from '../../kernel/files/plain-file.ts';
import { NO_OPENINGS, type SandboxLevel } from '../../kernel/sandbox-level.ts';
import { foldersOfPlace, placeOfRepository } from '../../project/finding/project-place.ts';
import { type GitOptions, gitLine, runGit } from '../../project/git/git.ts';
import { picturesIn } from '../../session/events/bodies/pictures.ts';
import { MAX_DOCUMENT_BYTES } from '../../session/layout/paths.ts';
import { proofText, readProof, type SessionProof } from '../../session/proof/proof.ts';
import { proofMarkdown } from '../../session/proof/proof-markdown.ts';
import { type CloneRunOptions, checksOnClone, cloneGuard } from './checks-on-clone.ts';
import type { OpenedProof } from './pull-requests-to-verify.ts';
import { readProofOf } from './read-proof.act.ts';
import { type Claims, repeatProof } from './repeat-proof.ts';
import type { Difference, Repetition } from './repetition.ts';

export interface ProofQuestion {
  /**
   * A session; `proof.json` or `proof.md`, or the folder that contains them, if it is written as a path; the number of a
   * pull request.
   */
  of: string | number;
  projectDir?: string;
}

export type Verification = Repetition & { sandbox: SandboxLevel };

/** Repeats a proof; of a pull request it only compares the proof with the project's own commands. */
export async function verifyProof(
  { claims, trusted, place, set, env }: OpenedProof,
  context: ActionContext,
  options: CloneRunOptions,
): Promise<Verification> {
  const cloneFailed = (problem: string) => READING_ERRORS.proof_not_repeated({ problem });
  const tools = { ...context, env };
  const run = async (commit: string, commands: readonly string[]) =>
    await checksOnClone(place, { ...set, commit, commands }, tools, { ...options, cloneFailed });
  return { ...(await repeatProof(claims, trusted, run)), sandbox: place.guard?.level ?? 'none' };
}

/** Reads a proof, from a file, the events of a session or a pull request, and finds its repository. */
export async function openProof(
  { of, projectDir }: ProofQuestion,
  context: ActionContext,
): Promise<OpenedProof> {
  if (typeof of === 'number')
    return await theExtension('forge', 'the proof of pull requests').openPullRequest(
      { number: of, projectDir },
      context,
    );
  return IS_PATH.test(of)
    ? await ofFile(resolve(context.cwd, of), projectDir, context)
    : await ofSession({ session: of, projectDir }, context);
}

/** A bare name is a session, whatever the current folder contains. */
const IS_PATH = /^\.|\/|\.(?:md|json)$/;

async function ofFile(
  given: string,
  projectDir: string | undefined,
  context: ActionContext,
): Promise<OpenedProof> {
  const git = { baseEnv: context.env };
  const cwd = resolve(context.cwd, projectDir ?? '.');
  const mainRepo = await gitLine(['rev-parse', '--show-toplevel'], { ...git, cwd });
  // The default folder, so that the clone is as deep as the clones of sessions.
  const folders = foldersOfPlace(await placeOfRepository(mainRepo, context.home));
  const { worktrees: worktreesDir, sessions: sessionsDir } = folders;
  const settings = { sandbox: 'auto' as const, openings: NO_OPENINGS };
  const guard = await cloneGuard({ mainRepo, worktreesDir, sessionsDir, settings }, context);
  const place = { mainRepo, worktreesDir, git, guard };
  const path = statsAt(given)?.isDirectory() ? join(given, 'proof.json') : given;
  const reading = readProof((await plainText(path, MAX_DOCUMENT_BYTES)) ?? '');
  if (reading.kind === 'none') throw READING_ERRORS.holds_no_proof({ path });
  const proof = reading.kind === 'proof' ? reading.proof : undefined;
  return await opened({ from: 'file', place, proof, differences: proof ? [] : [alteredFile(path)] }, context);
}

async function opened(
  {
    from,
    place,
    proof,
    differences,
  }: Pick<OpenedProof, 'from' | 'place'> & Pick<Claims, 'proof' | 'differences'>,
  { env }: ActionContext,
): Promise<OpenedProof> {
  const { mainRepo, git } = place;
  const { branch, baseCommit: base = '', clone: proving = NOTHING_TO_RUN } = proof ?? {};
  const heads = branch === undefined ? [] : await tipsOf(branch, { ...git, cwd: mainRepo });
  const claims = { mainRepo, git, proof, differences, heads, branch };
  return { from, place, claims, set: { branch: branch ?? '', base, proving }, env };
}

const NOTHING_TO_RUN = { copy: [], timeoutMs: 0 };

/** Here and in remotes. */
async function tipsOf(branch: string, git: GitOptions): Promise<string[]> {
  const list = ['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`, `refs/remotes/*/${branch}`];
  return (await runGit(list, git)).stdout.split('\n').filter(Boolean);
}

function alteredFile(path: string): Difference {
  return { what: 'proof', about: path, expected: 'the text that samocode wrote', found: 'other text' };
}

async function ofSession(
  question: { session: string; projectDir: string | undefined },
  context: ActionContext,
): Promise<OpenedProof> {
  // The commands of its log would run without anyone's consent.
  const { view, proof } = await readProofOf({ ...question, mayBeElsewhere: false }, context);
  const { paths, sessionFile, state } = view;
  if (sessionFile === undefined) throw READING_ERRORS.no_proof({ session: view.folder });
  const { mainRepo, worktreesDir } = sessionFile;
  const place = {
    mainRepo,
    worktreesDir,
    worktreeGitDir: state.worktree && (await gitDirOf(state.worktree.path)),
    git: await safeGit(view, context),
    guard: await cloneGuard(sessionFile, context),
  };
  const differences = await Promise.all([
    fileDifferences(join(paths.proof, 'proof.json'), proof, proofText(proof)),
    fileDifferences(join(paths.proof, 'proof.md'), proof, proofMarkdown(proof)),
    pictureDifferences(paths.proof, proof),
  ]);
  return await opened({ from: 'session', place, proof, differences: differences.flat() }, context);
}

const MAX_PICTURE_BYTES = 64 * 1024 * 1024;

/** Compares the pictures with their hashes; they are never taken again. */
async function pictureDifferences(folder: string, { pictures }: SessionProof): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const { file, hash } of pictures === undefined ? [] : picturesIn(pictures)) {
    const path = join(folder, file);
    const reading = await readPlainFile(path, MAX_PICTURE_BYTES);
    const found = reading.kind === 'bytes' ? fingerprint(reading.bytes) : 'no such file';
    if (found !== hash) differences.push({ what: 'proof', about: path, expected: hash, found });
  }
  return differences;
}

/** Compares a proof file, which people can pass on, with the events. @param written the text we would write */
async function fileDifferences(path: string, proof: SessionProof, written: string): Promise<Difference[]> {
  const text = await plainText(path, MAX_DOCUMENT_BYTES);
  if (text === undefined || text === written) return [];
  const reading = readProof(text);
  if (reading.kind !== 'proof') return [alteredFile(path)];
  const recorded = new Map(Object.entries(proof));
  const inFile = new Map(Object.entries(reading.proof));
  // An older samocode might have written fewer keys and different text.
  const isOfThisProgram = proof.samocode.at(-1) === __VERSION__;
  const keys = new Set([...inFile.keys(), ...(isOfThisProgram ? recorded.keys() : [])]);
  const others = [...keys].filter(
    (key) => JSON.stringify(inFile.get(key)) !== JSON.stringify(recorded.get(key)),
  );
  if (others.length === 0 && isOfThisProgram) return [alteredFile(path)];
  return others.map((key) => ({
    what: 'proof',
    about: path,
    expected: `"${key}" as recorded in the event log`,
    found: inFile.has(key) ? 'another value' : 'nothing',
  }));
}
