// Loaded first in a worker thread that runs from TypeScript sources (tests, tsx). `--import tsx` alone takes effect only
// in the main thread. It is plain JavaScript because nothing understands TypeScript before it has run.
import { register } from 'tsx/esm/api';

register();
