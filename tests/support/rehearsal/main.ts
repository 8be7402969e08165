import { playIteration } from '../../../src/extensions/rehearsal/agent/play-iteration.ts';
import { DIFFICULT_ACTS } from './difficult-acts.ts';

/** The rehearsal agent of tests: the published one, with acts of difficult agents. */
playIteration(process.env, DIFFICULT_ACTS);
