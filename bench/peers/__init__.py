"""Other people's servers, installed into environments of their own, to be measured beside ours in the same run."""
