import { MemoryRevocationStore } from '../../src/admission/revocation.js';
import { revocationStoreContract } from './revocation-store.contract.js';

revocationStoreContract('MemoryRevocationStore', () => new MemoryRevocationStore());
