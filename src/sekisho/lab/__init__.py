"""The real kernel, asked inside private network namespaces; the only part besides capture that acts."""
