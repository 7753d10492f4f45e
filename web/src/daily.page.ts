import { serve } from './main'; // first: it must see what the SDK does
import { joinDaily } from './daily';

serve(joinDaily);
