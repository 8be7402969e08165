import { useProviders } from '../src/app/extensions.ts';

// Imported before all else by each script that reads settings or providers, as a main program does it.
useProviders();
