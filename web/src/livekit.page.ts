import { serve } from './main'; // first: it must see what the SDK does
import { joinLiveKit } from './livekit';

serve(joinLiveKit);
