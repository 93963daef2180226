"""The library of verified rewrites: what approved runs made better, for whoever writes next."""
