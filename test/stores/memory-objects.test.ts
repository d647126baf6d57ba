import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { objectStoreContract } from '../contract/object-store.contract.ts'

objectStoreContract('memoryObjects', async () => {
  const store = memoryObjects()
  return { store, another: () => store, bucket: 'results' }
})
