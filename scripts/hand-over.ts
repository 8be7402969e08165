import { handOver } from '../tests/support/hand-over.ts';

// Imported before all else by each script that uses what extensions add, as a main program hands it over.
handOver();
